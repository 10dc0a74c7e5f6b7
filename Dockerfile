# The emulator in a container, for CI services and compose files:
#
#   docker build -t appsyncctl .
#   docker run --rm -p 127.0.0.1:8080:8080 appsyncctl
#   curl -s http://127.0.0.1:8080/_emulator/environment
#
# It gives tokens to anybody who reaches it, so publish its port on 127.0.0.1 only.
# Any other command of the program runs as well: docker run --rm appsyncctl version

FROM golang:1.26 AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
ARG VERSION=container
RUN CGO_ENABLED=0 go build -trimpath -ldflags "-s -w -X main.version=$VERSION" -o /appsyncctl ./cmd/appsyncctl \
    && mkdir -m 0700 /data

FROM scratch
# For a real DynamoDB table, which is reached by HTTPS.
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/
COPY --from=build /appsyncctl /appsyncctl
# Customers in a volume: emulator start … --data /data/customers.db
COPY --from=build --chown=65532:65532 /data /data
USER 65532:65532
ENV HOME=/data APPSYNCCTL_ISSUER=http://127.0.0.1:8080/
EXPOSE 8080
HEALTHCHECK --interval=5s --start-interval=1s --start-period=10s CMD ["/appsyncctl", "emulator", "status"]
ENTRYPOINT ["/appsyncctl"]
CMD ["emulator", "start", "--listen", "0.0.0.0:8080", "--allow-remote", "--auto-approve"]
