namespace Rabbit.Host.Api.Status;

/// <summary>What there is to ask.</summary>
/// <param name="Service">Always rabbit.</param>
/// <param name="Swagger">Where the routes are described.</param>
/// <param name="Endpoints">Method and path of each route.</param>
internal sealed record EndpointList(string Service, string Swagger, IReadOnlyList<string> Endpoints);
