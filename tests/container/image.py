#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""image.py SELKIE OPTIONS PROGRAMS: OCI layouts and archives, docker save archives, and hostile ones.

The image is made here: a static program, files that one layer adds and another removes, links that point outside."""
import hashlib
import io
import json
import os
import sys
import tarfile

from image_make import layer, layout
from managed import Managed, check, finish


def docker(path, layers, config, diff_ids=()):
    """An archive as docker save writes it."""
    text = json.dumps({"config": config, "rootfs": {"type": "layers", "diff_ids": list(diff_ids)}}).encode()
    name = hashlib.sha256(text).hexdigest() + ".json"
    manifest = [{"Config": name, "Layers": [f"{i}/layer.tar" for i in range(len(layers))]}]
    with open(path, "wb") as file:
        file.write(layer(("manifest.json", tarfile.REGTYPE, json.dumps(manifest).encode()),
                         (name, tarfile.REGTYPE, text),
                         *((f"{i}/layer.tar", tarfile.REGTYPE, data) for i, data in enumerate(layers))))


def layers_of(m, config):
    """Owners and modes of the image, and those that a program gives; the cache is never written."""
    reg, sym, directory = tarfile.REGTYPE, tarfile.SYMTYPE, tarfile.DIRTYPE
    base = layer(("s", directory, None, 5, 6, 0o1770), ("s/u", reg, b"u", 0, 0, 0o4755), ("s/g", reg, b"g", 77, 78, 0o2640),
                 ("s/r", reg, b"r", 0, 0, 0o444), ("s/n", reg, b"n", 3, 4, 0o200), ("s/l", sym, "u", 9, 10, 0o777),
                 ("s/closed", directory, None, 1, 1, 0o500), ("usr", directory, None), ("lib", directory, None),
                 ("lib64", directory, None))
    layout(m.path("owners"), [base, layer(("s/closed", directory, None, 2, 2, 0o700), (".wh.lib", reg, b""))], config)
    host = ("--volume=/usr:/usr:ro", "--volume=/lib64:/lib64:ro", "--volume=/lib:/lib:ro", f"--image={m.path('owners')}")
    run = lambda script: m.command("run", *host, "--", "/usr/bin/sh", "-c", "cd /s; PATH=/usr/bin; " + script)
    show = "stat -c '%n %u %g %a' . u g r n l closed; "
    got = run(show)
    told = b". 5 6 1770\nu 0 0 4755\ng 77 78 2640\nr 0 0 444\nn 3 4 200\nl 9 10 777\nclosed 2 2 700\n"
    check("owners of the image", got.stdout == told, got)
    got = run("echo x >> u; echo x >> r; echo x >> n; cat n; touch closed/x; chown 1:1 g; chmod 4700 .; rm l; " + show)
    told = (b"nx\n. 5 6 4700\nu 0 0 4755\ng 1 1 2640\nr 0 0 444\nn 3 4 200\nclosed 2 2 700\n")
    check("owners after changes", got.stdout == told, got)
    check("owners in the next container", run(show).stdout.startswith(b". 5 6 1770\nu 0 0 4755\ng 77 78"))


def damaged(m, lower, config):
    """Whatever does not have the digest that the image says is refused."""
    for i, what in enumerate(("manifest", "config", "layer")):
        folder = m.path(f"damaged{i}")
        layout(folder, [lower], dict(config, Env=[f"I={i}"]))
        with open(os.path.join(folder, "index.json"), encoding="ascii") as file:
            name = json.load(file)["manifests"][0]["digest"][7:]
        if what != "manifest":
            with open(os.path.join(folder, "blobs", "sha256", name), encoding="ascii") as file:
                manifest = json.load(file)
            name = (manifest["config"] if what == "config" else manifest["layers"][0])["digest"][7:]
        with open(os.path.join(folder, "blobs", "sha256", name), "r+b") as file:
            data = file.read()
            file.seek(0)
            file.write(data[:-1] + bytes([data[-1] ^ 1]) if what == "layer" else data + b" ")
        got = m.command("run", f"--image={folder}")
        lines = got.stderr.decode().splitlines()
        check(f"a damaged {what}", got.returncode == 125 and len(lines) == 1 and "digest" in lines[0], got)
    docker(m.path("content.tar"), [lower], config, diff_ids=["sha256:" + "0" * 64])
    got = m.command("run", f"--image={m.path('content.tar')}")
    check("a layer with other content", got.returncode == 125 and b"digest" in got.stderr, got)
    docker(m.path("good.tar"), [lower], config, diff_ids=["sha256:" + hashlib.sha256(lower).hexdigest()])
    check("a layer with its content", m.command("run", f"--image={m.path('good.tar')}").returncode == 0)


def main():
    selkie, options, programs = sys.argv[1:]
    with open(os.path.join(programs, "container_limits"), "rb") as file:
        limits = file.read()
    reg, sym, hard, directory = tarfile.REGTYPE, tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.DIRTYPE
    lower = layer(("bin", directory, None), ("bin/limits", reg, limits), ("gone", reg, b"gone"),
                  ("stays", reg, b"lower"), ("full/a", reg, b"a"), ("full/sub/b", reg, b"b"),
                  ("etc/passwd", reg, b"root:x:0:0::/:/\nme:x:77:78::/:/\n"), ("link", sym, "/stays"))
    upper = layer((".wh.gone", reg, b""), ("full/c", reg, b"c"), ("full/.wh..wh..opq", reg, b""),
                  ("stays", reg, b"upper"), ("./stays", hard, "stays"), ("hard", hard, "stays"))
    config = {"Entrypoint": ["/bin/limits", "read"], "Cmd": ["/stays"], "Env": ["A=1"], "WorkingDir": "/full"}
    with Managed(selkie, options) as m:
        outside = m.path("outside")
        evil = layer(("a", sym, outside), ("a/made", reg, b"x"), ("b", sym, "/../../../../../../.." + outside),
                     ("b/made", reg, b"x"), ("up", sym, "../" * 30), (f"up{outside}/made", reg, b"x"))
        os.mkdir(outside)
        layout(m.path("oci"), [lower, upper], config)
        layout(m.path("evil"), [evil, lower], config)
        layout(m.path("dots"), [layer(("../outside/made", reg, b"x"))], config)
        layout(m.path("stolen"), [layer(("stolen", hard, "../../../../../../etc/passwd")), lower], config)
        docker(m.path("docker.tar"), [lower, upper], config)
        with tarfile.open(m.path("oci.tar"), "w") as archive:
            archive.add(m.path("oci"), ".")
        for image in ("oci", "oci.tar", "oci.tar", "docker.tar"):
            run = lambda *words, i=image: m.command("run", f"--image={m.path(i)}", *words)
            got = run()
            check(f"{image}: entry point and command", (got.returncode, got.stdout) == (0, b"upper\n"), got)
            for path, answer in (("/link", b"upper"), ("/hard", b"upper"), ("c", b"c"), ("/gone", b"read: 2"),
                                 ("a", b"read: 2"), ("/full/sub/b", b"read: 2")):
                got = run(path)
                check(f"{image}: {path}", answer in got.stdout + got.stderr, got)
        got = m.command("run", f"--image={m.path('oci')}", "--user=nobody-here")
        check("no such user", got.returncode == 2, got)
        got = m.command("run", f"--image={m.path('oci')}", "--user=me")
        check("a user of the image", got.stdout == b"upper\n", got)
        got = m.command("run", "-d", "--name=kept", f"--image={m.path('oci')}", "/stays")
        m.command("wait", "kept")
        check("detached", m.command("logs", "kept").stdout == b"upper\n", got)
        check("its own files", sorted(os.listdir(m.path("STATE_HOME", "selkie/containers/kept/upper"))) == ["dev", "etc", "proc", "sys"])
        check("rm", m.command("rm", "kept").returncode == 0)
        got = m.command("run", f"--image={m.path('evil')}")
        check("links that lead outside", not os.listdir(outside), (got, os.listdir(outside)))
        for image in ("dots", "stolen", "outside", "nonexistent"):
            got = m.command("run", f"--image={m.path(image)}")
            check(f"{image}: refused", got.returncode == 125 and got.stderr.startswith(b"selkie: "), got)
        layers_of(m, {})
        damaged(m, lower, config)
        check("nothing outside", not os.listdir(outside), os.listdir(outside))
        check("nothing left", not os.listdir(m.path("STATE_HOME", "selkie/containers")))
    finish()


main()
