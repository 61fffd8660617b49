# The server, and by --target client the client: docker build -t rabbit . ; docker build -t tunnel-client --target client .
# docs/installation.md tells how they are run, and how this file is tested without a container engine.

FROM mcr.microsoft.com/dotnet/sdk:10.0-noble AS source
WORKDIR /source
ENV DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1
# What is restored depends on these alone, so that the layer stays while only code changes.
COPY global.json Directory.Build.props Directory.Packages.props ./
COPY Rabbit.Protocol/Rabbit.Protocol.csproj Rabbit.Protocol/packages.lock.json Rabbit.Protocol/
COPY Rabbit.Tunneling/Rabbit.Tunneling.csproj Rabbit.Tunneling/packages.lock.json Rabbit.Tunneling/
COPY Rabbit.Persistence/Rabbit.Persistence.csproj Rabbit.Persistence/packages.lock.json Rabbit.Persistence/
COPY Rabbit.ApiClient.Generator/Rabbit.ApiClient.Generator.csproj Rabbit.ApiClient.Generator/packages.lock.json Rabbit.ApiClient.Generator/
COPY Rabbit.ApiClient/Rabbit.ApiClient.csproj Rabbit.ApiClient/packages.lock.json Rabbit.ApiClient/
COPY Rabbit.Client/Rabbit.Client.csproj Rabbit.Client/packages.lock.json Rabbit.Client/
COPY Rabbit.Host/Rabbit.Host.csproj Rabbit.Host/packages.lock.json Rabbit.Host/
RUN dotnet restore Rabbit.Host/Rabbit.Host.csproj --locked-mode
COPY . .

FROM source AS build-client
RUN dotnet publish Rabbit.Client/Rabbit.Client.csproj -c Release --no-restore -p:RunAnalyzers=false -p:PublishAot=false -o /out/client

FROM source AS build-server
RUN dotnet publish Rabbit.Host/Rabbit.Host.csproj -c Release --no-restore -p:RunAnalyzers=false -o /out/server
# The run-time image has no shell to make directories with.
RUN mkdir -p /out/state /out/config

FROM mcr.microsoft.com/dotnet/runtime:10.0-noble-chiseled AS client
COPY --from=build-client /out/client /app
ENV PATH=/app:$PATH DOTNET_SYSTEM_NET_SOCKETS_INLINE_COMPLETIONS=1 HOME=/tmp
USER $APP_UID
STOPSIGNAL SIGTERM
ENTRYPOINT ["/app/tunnel-client"]

FROM mcr.microsoft.com/dotnet/aspnet:10.0-noble-chiseled AS server
COPY --from=build-server /out/server /app
COPY --from=build-server --chown=$APP_UID:$APP_UID /out/state /var/lib/rabbit
# rabbit.json goes here.
COPY --from=build-server /out/config /etc/rabbit
WORKDIR /etc/rabbit
# The API is for other machines, so it is served by HTTPS; the commands in the container know its certificate from the data directory.
ENV PATH=/app:$PATH \
    DOTNET_SYSTEM_NET_SOCKETS_INLINE_COMPLETIONS=1 \
    RABBIT_DATA=/var/lib/rabbit \
    RABBIT_API_BIND=0.0.0.0 \
    RABBIT_API=https://127.0.0.1:8080
USER $APP_UID
VOLUME /var/lib/rabbit
# Clients, the API, and the tunnel ports that are published with --publish 10000-10099:10000-10099.
EXPOSE 9999 8080
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=15s --timeout=10s --start-period=60s --retries=3 CMD ["/app/rabbit", "health"]
ENTRYPOINT ["/app/rabbit"]
CMD ["server"]
