# syntax=docker/dockerfile:1
# Targets: dev (toolchain and browser, as your own user), build (compiles), prod (the worker and the starter, nothing else).

FROM golang:1.26.8-bookworm AS dev
ARG UID=1000
ARG GID=1000
RUN apt-get update \
 && apt-get install -y --no-install-recommends chromium chromium-driver make tesseract-ocr tesseract-ocr-por tzdata \
 && rm -rf /var/lib/apt/lists/*
RUN groupadd --gid "$GID" --non-unique dev \
 && useradd --uid "$UID" --gid "$GID" --non-unique --create-home dev
USER dev
ENV GOPATH=/home/dev/go
WORKDIR /src
CMD ["bash"]

FROM golang:1.26.8-bookworm AS build
ENV CGO_ENABLED=0
WORKDIR /src
COPY go.mod go.sum ./
RUN --mount=type=cache,target=/go/pkg/mod go mod download
COPY . .
RUN --mount=type=cache,target=/go/pkg/mod --mount=type=cache,target=/root/.cache/go-build \
    mkdir -p /out/bin /out/data && go build -trimpath -ldflags='-s -w' -o /out/bin/ ./cmd/worker ./cmd/starter

# Certificates and time zones are in the image; a shell is not. User 65532.
FROM gcr.io/distroless/static-debian12:nonroot AS prod
COPY --from=build /out/bin/worker /out/bin/starter /usr/local/bin/
COPY --from=build --chown=65532:65532 /out/data /data
ENV DRUGSLM_DATA=/data
VOLUME /data
ENTRYPOINT ["worker"]
