# The program and the server in images that run as nobody, with pinned versions.
#
#   docker build --target cli -t jpegproof .
#   docker run --rm -v "$PWD:/work" --user "$(id -u)" jpegproof measure torchvision:resnet50 photos/val
#
#   docker build --target serve -t jpegproof-serve .
#   docker run --rm -p 8000:8000 -v "$PWD/deployed:/deployed:ro" --read-only --tmpfs /tmp --memory 4g jpegproof-serve
#
# PyTorch comes from pip's index; another one is set with --build-arg PIP_INDEX_URL=... (processors alone need a fifth
# of the space).
FROM python:3.12-slim AS wheel
WORKDIR /source
COPY . .
RUN pip wheel --no-cache-dir --no-deps --wheel-dir /wheels .

FROM python:3.12-slim AS base
ENV PYTHONUNBUFFERED=1 PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1 MPLCONFIGDIR=/tmp/matplotlib
COPY --from=wheel /wheels /wheels
COPY constraints.txt /wheels/

FROM base AS cli
RUN pip install --constraint /wheels/constraints.txt "$(echo /wheels/*.whl)[all]" && rm -r /wheels
USER nobody
WORKDIR /work
ENTRYPOINT ["jpegproof"]
CMD ["--help"]

FROM base AS serve
RUN pip install --constraint /wheels/constraints.txt "$(echo /wheels/*.whl)[torchvision,timm,export,serve]" && rm -r /wheels
COPY examples/serve.py /serve.py
USER nobody
ENV HOST=0.0.0.0 OMP_NUM_THREADS=1
EXPOSE 8000
ENTRYPOINT ["python", "/serve.py"]
CMD ["/deployed"]
