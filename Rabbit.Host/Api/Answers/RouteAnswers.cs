namespace Rabbit.Host.Api.Answers;

/// <summary>Says in the API's description which errors a route answers beside those that every route may.</summary>
internal static class RouteAnswers
{
    private const string MediaType = "application/problem+json";

    public static TBuilder Answers<TBuilder>(this TBuilder route, params int[] statuses)
        where TBuilder : IEndpointConventionBuilder
    {
        route.Add(endpoint =>
        {
            foreach (int status in statuses)
                endpoint.Metadata.Add(new ProducesResponseTypeMetadata(status, typeof(Problem), [MediaType]));
        });
        return route;
    }

    /// <summary>Says which values a parameter may have.</summary>
    public static TBuilder Choice<TBuilder>(this TBuilder route, string parameter, IReadOnlyCollection<string> values)
        where TBuilder : IEndpointConventionBuilder => route.WithMetadata(new ParameterChoice(parameter, values));
}

/// <summary>The values that a query parameter may have.</summary>
internal sealed record ParameterChoice(string Parameter, IReadOnlyCollection<string> Values);
