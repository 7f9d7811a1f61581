# Two images: `gatehouse`, the service alone, and `seed`, which has a shell and
# curl besides and fills the server of docker-compose.yml for trying.

FROM golang:1.26-bookworm AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
RUN CGO_ENABLED=0 go build -ldflags="-s -w" -o /out/gatehouse ./cmd/gatehouse
# A directory that the service may write to: the default SQLite file goes there.
RUN mkdir /out/data

FROM debian:12-slim AS seed
RUN apt-get update \
	&& apt-get install -y --no-install-recommends curl ca-certificates \
	&& rm -rf /var/lib/apt/lists/*
COPY --from=build /out/gatehouse /usr/local/bin/gatehouse
COPY scripts/seed.sh /usr/local/bin/seed.sh
USER 65532:65532
ENTRYPOINT ["seed.sh"]

FROM gcr.io/distroless/static-debian12:nonroot AS gatehouse
COPY --from=build /out/gatehouse /usr/local/bin/gatehouse
COPY --from=build --chown=65532:65532 /out/data /var/lib/gatehouse
WORKDIR /var/lib/gatehouse
VOLUME /var/lib/gatehouse
USER 65532:65532
EXPOSE 8080
HEALTHCHECK --interval=5s --timeout=3s --start-period=10s --retries=6 CMD ["gatehouse", "healthcheck"]
ENTRYPOINT ["gatehouse"]
CMD ["serve"]
