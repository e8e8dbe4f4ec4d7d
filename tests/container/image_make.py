# SPDX-License-Identifier: BSD-2-Clause
"""Making images for tests: a layer, and an OCI layout of layers."""
import gzip
import hashlib
import io
import json
import os
import tarfile


def layer(*entries):
    """A layer from (name, kind, content, owner, group, mode): kinds are those of tarfile; content is bytes or a link's
    target; the last three may be missing."""
    data = io.BytesIO()
    with tarfile.open(fileobj=data, mode="w") as archive:
        for name, kind, content, *owner in entries:
            info = tarfile.TarInfo(name)
            info.type = kind
            info.uid, info.gid, info.mode = owner or (0, 0, 0o755)
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
