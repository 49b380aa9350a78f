# SPDX-License-Identifier: Apache-2.0
# An image in which `clambda invoke` runs.
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
# BUILDER, the one that it is built in, with the same C library.
ARG BASE=docker.io/library/debian:bookworm-slim
ARG BUILDER=${BASE}

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

FROM ${BASE}
# e2fsprogs makes the quota of /tmp, uidmap serves ordinary users, libarchive13 unpacks zips; a
# function that speaks TLS sees the certificates.
RUN apt-get -qq update \
    && DEBIAN_FRONTEND=noninteractive apt-get -qq install -y --no-install-recommends \
        ca-certificates e2fsprogs libarchive13 libelf1 libseccomp2 libuv1 uidmap >/dev/null \
    && apt-get clean && rm -rf /var/lib/apt/lists/*
COPY --from=build /image/usr/local /usr/local
COPY --from=build /image/work /work
WORKDIR /work
ENTRYPOINT ["/usr/local/bin/clambda"]
CMD ["--help"]
