# SPDX-License-Identifier: Apache-2.0
# Two images: `clambda`, in which functions are run and packaged, and a function's own.
#
#   docker build -t clambda .
#   docker run --rm -i --privileged clambda invoke s3_put.so < event.json
#   docker run --rm --privileged -v "$PWD:/work" clambda invoke orders.so -e event.json
#
# How much of the sandbox holds is for the engine to grant; `docker run ... clambda doctor` tells.
#
#   --privileged        every limit that the host has. With control groups v2, a command that is not
#                       the container's only process also needs --cgroupns=host
#   --security-opt seccomp=unconfined --security-opt systempaths=unconfined
#                       an ordinary user's rights: `invoke --relax memory,cpu`
#   (nothing)           the engine's own filter refuses namespaces: exit 3
#
# podman takes the same options, with --security-opt unmask=ALL for systempaths=unconfined.
# Build arguments: BASE, the image that clambda runs in (Debian 12, or one that has its packages);
# BUILDER, the one that everything is built in, with the same C library.
#
#   docker build --target function -t orders --build-context handler=FOLDER --build-arg HANDLER=orders.c .
#   docker run --rm -p 8080:8080 orders      then POST events to it; on Lambda it is the function's image
#
# HANDLER, seen from FOLDER (default: this checkout, examples/sqs_batch): a source file in C or C++, a
# folder of them, or an object that is built already. It becomes handler.so, and the command `handler`.
# BASE_FUNCTION, the image it goes into: any with glibc 2.26 or newer, for which zig builds all of it.
# PROFILE=al2023: what the files are proven for while the image is made, by `clambda check`; empty:
# nothing, for an object that needs what only its base has.
ARG BASE=docker.io/library/debian:bookworm-slim
ARG BUILDER=${BASE}
ARG BASE_FUNCTION=public.ecr.aws/lambda/provided:al2023

FROM ${BUILDER} AS build
ENV CLAMBDA_DEPS=/deps
COPY tests/deps /src/tests/deps
RUN /src/tests/deps --build
COPY CMakeLists.txt /src/
COPY runtime /src/runtime
COPY sandbox /src/sandbox
COPY examples /src/examples
RUN cmake -G Ninja -S /src -B /build -DTESTS=OFF -DCMAKE_INSTALL_PREFIX=/usr/local \
    && cmake --build /build \
    && DESTDIR=/image cmake --install /build --strip \
    && mkdir -p /image/work \
    && cp /build/examples/*.so /image/work/

FROM scratch AS handler
COPY examples /examples

FROM build AS release
RUN ls /deps/zig-*/ziglang/zig >/dev/null 2>&1 \
    || { apt-get -qq update && DEBIAN_FRONTEND=noninteractive apt-get -qq install -y --no-install-recommends \
        python3-pip >/dev/null; }
COPY layers /src/layers
RUN arch=$(uname -m | sed s/aarch64/arm64/) \
    && /src/layers/release -B /build "$arch" \
    && mkdir -p /function/var/runtime /function/var/task \
    && cp /build/lib/clambda/"$arch"/bootstrap /build/lib/clambda/"$arch"/gateway /function/var/runtime/

FROM release AS compiled
ARG HANDLER=examples/sqs_batch
ARG PROFILE=al2023
COPY --from=handler / /handler
RUN set -eu; cd /handler; made=/function/var/task/handler.so; link=cc; \
    zig=/deps/$(uname -m | sed s/aarch64/arm64/)/bin; mkdir /objects /package; \
    case $HANDLER in \
        *.so) cp "$HANDLER" "$made" ;; \
        *)  find "$HANDLER" -type f \( -name '*.c' -o -name '*.cc' -o -name '*.cpp' \) -print >/sources; \
            [ -s /sources ] || { echo "HANDLER is '$HANDLER': no source in C or C++ there" >&2; exit 1; }; \
            while IFS= read -r source; do \
                case $source in *.c) tool=cc ;; *) tool=c++ link=c++ ;; esac; \
                "$zig/$tool" -O2 -fPIC -I/src/runtime/include -c "$source" -o "$(mktemp /objects/XXXXXX.o)"; \
            done </sources; \
            "$zig/$link" -shared -s -o "$made" /objects/*.o ;; \
    esac; \
    cp /function/var/runtime/* "$made" /package/; \
    [ -z "$PROFILE" ] || /build/bin/clambda check /package --profile "$PROFILE" --handler handler

FROM ${BASE_FUNCTION} AS function
COPY --from=compiled /function /
ENV LAMBDA_TASK_ROOT=/var/task LAMBDA_RUNTIME_DIR=/var/runtime
WORKDIR /var/task
ENTRYPOINT ["/var/runtime/bootstrap"]
CMD ["handler"]

FROM ${BASE} AS clambda
# e2fsprogs makes the quota of /tmp, uidmap serves ordinary users, libarchive13 unpacks zips; a
# function that speaks TLS sees the certificates.
RUN apt-get -qq update \
    && DEBIAN_FRONTEND=noninteractive apt-get -qq install -y --no-install-recommends \
        ca-certificates e2fsprogs libarchive13 libelf1 libseccomp2 libuv1 uidmap zlib1g >/dev/null \
    && apt-get clean && rm -rf /var/lib/apt/lists/*
COPY --from=build /image/usr/local /usr/local
COPY --from=build /image/work /work
WORKDIR /work
ENTRYPOINT ["/usr/local/bin/clambda"]
CMD ["--help"]
