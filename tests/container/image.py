#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""image.py SELKIE OPTIONS PROGRAMS: OCI layouts and archives, docker save archives, and hostile ones.

The image is made here: a static program, files that one layer adds and another removes, links that point outside."""
import gzip
import hashlib
import io
import json
import os
import sys
import tarfile

from managed import Managed, check, finish


def layer(*entries):
    """A layer from (name, kind, content): kinds are those of tarfile; content is bytes, a link's target, or a mode."""
    data = io.BytesIO()
    with tarfile.open(fileobj=data, mode="w") as archive:
        for name, kind, content in entries:
            info = tarfile.TarInfo(name)
            info.type = kind
            info.mode = 0o755
            if kind in (tarfile.SYMTYPE, tarfile.LNKTYPE):
                info.linkname = content
            elif kind == tarfile.REGTYPE:
                info.size = len(content)
            archive.addfile(info, io.BytesIO(content) if kind == tarfile.REGTYPE else None)
    return data.getvalue()


def layout(folder, layers, config):
    """Write an OCI layout; layers are compressed."""
    blobs = os.path.join(folder, "blobs", "sha256")
    os.makedirs(blobs)

    def blob(data):
        digest = hashlib.sha256(data).hexdigest()
        with open(os.path.join(blobs, digest), "wb") as file:
            file.write(data)
        return {"digest": "sha256:" + digest, "size": len(data)}

    manifest = {"schemaVersion": 2, "config": blob(json.dumps({"architecture": "amd64", "config": config}).encode()),
                "layers": [blob(gzip.compress(data, mtime=0)) for data in layers]}
    index = {"schemaVersion": 2, "manifests": [blob(json.dumps(manifest).encode())]}
    with open(os.path.join(folder, "index.json"), "w", encoding="ascii") as file:
        json.dump(index, file)
    with open(os.path.join(folder, "oci-layout"), "w", encoding="ascii") as file:
        file.write('{"imageLayoutVersion": "1.0.0"}')


def docker(path, layers, config):
    """An archive as docker save writes it."""
    text = json.dumps({"config": config}).encode()
    name = hashlib.sha256(text).hexdigest() + ".json"
    manifest = [{"Config": name, "Layers": [f"{i}/layer.tar" for i in range(len(layers))]}]
    with open(path, "wb") as file:
        file.write(layer(("manifest.json", tarfile.REGTYPE, json.dumps(manifest).encode()),
                         (name, tarfile.REGTYPE, text),
                         *((f"{i}/layer.tar", tarfile.REGTYPE, data) for i, data in enumerate(layers))))


def main():
    selkie, options, programs = sys.argv[1:]
    with open(os.path.join(programs, "container_limits"), "rb") as file:
        limits = file.read()
    reg, sym, hard, directory = tarfile.REGTYPE, tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.DIRTYPE
    lower = layer(("bin", directory, None), ("bin/limits", reg, limits), ("gone", reg, b"gone"),
                  ("stays", reg, b"lower"), ("full/a", reg, b"a"), ("full/sub/b", reg, b"b"),
                  ("etc/passwd", reg, b"root:x:0:0::/:/\nme:x:77:78::/:/\n"), ("link", sym, "/stays"))
    upper = layer((".wh.gone", reg, b""), ("full/c", reg, b"c"), ("full/.wh..wh..opq", reg, b""),
                  ("stays", reg, b"upper"), ("hard", hard, "stays"))
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
        check("its own files", os.path.exists(m.path("STATE_HOME", "selkie/containers/kept/root/stays")))
        check("rm", m.command("rm", "kept").returncode == 0)
        got = m.command("run", f"--image={m.path('evil')}")
        check("links that lead outside", not os.listdir(outside), (got, os.listdir(outside)))
        for image in ("dots", "stolen", "outside", "nonexistent"):
            got = m.command("run", f"--image={m.path(image)}")
            check(f"{image}: refused", got.returncode == 125 and got.stderr.startswith(b"selkie: "), got)
        check("nothing outside", not os.listdir(outside), os.listdir(outside))
        check("nothing left", not os.listdir(m.path("STATE_HOME", "selkie/containers")))
    finish()


main()
