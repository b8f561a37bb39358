"""Serves an exported folder: POST a picture's bytes to /answer. Needs: pip install 'jpegproof[serve]'

jpegproof export torchvision:resnet50 --gate --out deployed && python examples/serve.py deployed
curl --data-binary @upload.jpg http://127.0.0.1:8000/answer
"""

import os
import sys

import torch
import uvicorn
from fastapi import FastAPI, HTTPException, Request
from fastapi.concurrency import run_in_threadpool

import jpegproof

torch.set_num_threads(1)  # of every thread that answers; the pipeline lets as many answer at once as there are cores
pipeline, app, max_bytes = jpegproof.load(sys.argv[1]), FastAPI(), 32 * 2**20


@app.post("/answer")
async def answer(request: Request) -> dict:
    data = bytearray()
    async for part in request.stream():
        data += part
        if len(data) > max_bytes:
            raise HTTPException(413, f"more than {max_bytes:,} bytes")
    found = await run_in_threadpool(pipeline, bytes(data))
    if not found.ok:
        raise HTTPException(422, found.plain())
    return found.plain()


if __name__ == "__main__":
    port = int(sys.argv[2]) if len(sys.argv) > 2 else 8000
    uvicorn.run(app, host=os.environ.get("HOST", "127.0.0.1"), port=port, log_level="warning")
