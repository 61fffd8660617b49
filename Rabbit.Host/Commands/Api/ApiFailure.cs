using System.Net.Sockets;
using System.Security.Authentication;
using System.Text.Json;
using Rabbit.ApiClient;

namespace Rabbit.Host.Commands.Api;

/// <summary>Turns what can go wrong between a command and the API into one sentence that says what to do.</summary>
internal static class ApiFailure
{
    /// <summary>The sentence, or null for what is a bug.</summary>
    public static string? Explain(Exception exception, ApiTarget target) => exception switch
    {
        ApiException { StatusCode: 401 } => $"The server at {target.Name} does not accept the API key in {target.Key?.Source}; it may be revoked, expired, or another server's: name another with --key-file.",
        ApiException { Sentence: { } sentence } => sentence,
        ApiException { StatusCode: var status } => $"{target.Name} answered with status {status}, but not as Rabbit's API does; check the address (--api), and that both are of the same version.",
        TimeoutException => $"The API at {target.Name} did not answer within {ApiDeadline.Limit.TotalSeconds:0} s; look at the server's log, or try again.",
        HttpRequestException or IOException when target.Trust.Refusal is { } refusal => refusal,
        HttpRequestException { InnerException: AuthenticationException } or HttpRequestException { InnerException: IOException } when target.Address.Scheme == "https" =>
            $"The API at {target.Name} does not speak TLS; check the address (--api).",
        HttpRequestException { HttpRequestError: HttpRequestError.InvalidResponse } =>
            $"{target.Name} does not answer as Rabbit's API does; check the address (--api, or RABBIT_API), and whether it needs https.",
        HttpRequestException or OperationCanceledException => $"The API at {target.Name} cannot be reached ({Reason(exception)}); start the server, or name another address with --api (or RABBIT_API).",
        IOException => $"The answer of {target.Name} broke off ({Reason(exception)}); try again.",
        JsonException or FormatException => $"The answer of {target.Name} cannot be understood ({Reason(exception)}); see that both are of the same version.",
        _ => null,
    };

    private static string Reason(Exception exception)
    {
        for (Exception? e = exception; e is not null; e = e.InnerException)
        {
            if (e is SocketException socket)
                return socket.Message.TrimEnd('.');
        }
        return exception.Message.ReplaceLineEndings(" ").TrimEnd('.');
    }
}
