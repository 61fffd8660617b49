using System.Globalization;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Authorization;
using Microsoft.OpenApi;
using Rabbit.Host.Api.Answers;
using Swashbuckle.AspNetCore.SwaggerGen;

namespace Rabbit.Host.Api.Description;

/// <summary>What a route needs and may answer beside what it says itself: a key, the errors of every route, the choices of parameters.</summary>
internal sealed class RouteDetails : IOperationFilter
{
    private const string ProblemMediaType = "application/problem+json";

    /// <inheritdoc/>
    public void Apply(OpenApiOperation operation, OperationFilterContext context)
    {
        IList<object> metadata = context.ApiDescription.ActionDescriptor.EndpointMetadata;
        operation.Responses ??= [];
        bool takesInput = operation.Parameters is { Count: > 0 } || operation.RequestBody is not null;
        if (takesInput)
            AddProblem(operation, context, StatusCodes.Status400BadRequest, "What was sent is not valid.");
        if (operation.RequestBody is not null)
        {
            AddProblem(operation, context, StatusCodes.Status413PayloadTooLarge, "The body is larger than 64 KiB.");
            AddProblem(operation, context, StatusCodes.Status415UnsupportedMediaType, "The body is not JSON.");
        }
        AddProblem(operation, context, StatusCodes.Status429TooManyRequests, "Too many requests; Retry-After says when to try again.");
        if (!metadata.OfType<IAllowAnonymous>().Any())
        {
            AddProblem(operation, context, StatusCodes.Status401Unauthorized, "No valid key was sent.");
            AddProblem(operation, context, StatusCodes.Status403Forbidden, "The key has no right to do that.");
            AddProblem(operation, context, StatusCodes.Status503ServiceUnavailable, "The database does not answer now.");
            operation.Security = [new OpenApiSecurityRequirement { [new OpenApiSecuritySchemeReference("key", context.Document)] = [] }];
        }
        foreach (ParameterChoice choice in metadata.OfType<ParameterChoice>())
        {
            if (operation.Parameters?.FirstOrDefault(parameter => parameter.Name == choice.Parameter)?.Schema is OpenApiSchema schema)
                schema.Enum = [.. choice.Values.Select(value => (JsonNode)JsonValue.Create(value))];
        }
        foreach (OpenApiParameter parameter in (operation.Parameters ?? []).OfType<OpenApiParameter>())
            parameter.Example ??= parameter.Schema is OpenApiSchema { Enum.Count: > 0 } ? null : Examples.Find(parameter.Name ?? "");
    }

    private static void AddProblem(OpenApiOperation operation, OperationFilterContext context, int status, string description) =>
        operation.Responses!.TryAdd(status.ToString(CultureInfo.InvariantCulture), new OpenApiResponse
        {
            Description = description,
            Content = new Dictionary<string, OpenApiMediaType>
            {
                [ProblemMediaType] = new() { Schema = context.SchemaGenerator.GenerateSchema(typeof(Problem), context.SchemaRepository) },
            },
        });
}
