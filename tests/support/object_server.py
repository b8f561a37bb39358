"""An S3-compatible server on loopback, with an empty bucket: moto's, which knows conditional puts."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

import boto3
from moto.server import ThreadedMotoServer

BUCKET = "results"

#: Not real, and such that a search for them in any output means something.
KEYS = {"AWS_ACCESS_KEY_ID": "AKIANOTAREALKEY00001", "AWS_SECRET_ACCESS_KEY": "not/a/real/secret/but/as/long/as/one"}


@contextmanager
def object_server() -> Iterator[str]:
    """Its address, while the environment points S3's clients of this process and its children to it."""
    server = ThreadedMotoServer("127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    settings = {
        **KEYS,
        "AWS_ENDPOINT_URL_S3": f"http://{host}:{port}",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_EC2_METADATA_DISABLED": "true",
    }
    before = {name: os.environ.get(name) for name in settings}
    os.environ.update(settings)
    try:
        boto3.client("s3").create_bucket(Bucket=BUCKET)
        yield settings["AWS_ENDPOINT_URL_S3"]
    finally:
        server.stop()
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
