# syntax=docker/dockerfile:1
FROM golang:1.26 AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
RUN CGO_ENABLED=0 go build -trimpath -ldflags '-s -w' -o /out/sluice ./cmd/sluice \
 && mkdir -p /out/state

# No shell, no package manager, no root: the binary, certificate authorities, and
# folders for the history and for what must be temporary.
FROM scratch
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/
COPY --from=build /out/sluice /sluice
COPY --from=build --chown=65532:65532 /out/state /var/lib/sluice
ENV XDG_STATE_HOME=/var/lib
USER 65532:65532
VOLUME /var/lib/sluice
HEALTHCHECK --interval=1m --timeout=10s --start-period=5m CMD ["/sluice", "health", "--config", "/etc/sluice/sluice.yaml"]
ENTRYPOINT ["/sluice"]
CMD ["serve", "--config", "/etc/sluice/sluice.yaml"]
