namespace Rabbit.Host.Api.Answers;

/// <summary>The shape of every error, for the API's description: problem details (RFC 9457) and what rabbit.go's callers look for.</summary>
/// <param name="Type">A page about the kind of error.</param>
/// <param name="Title">The kind of error.</param>
/// <param name="Status">The HTTP status.</param>
/// <param name="Detail">What is wrong and what to do, one sentence.</param>
/// <param name="Success">Always false.</param>
/// <param name="Error">The same as detail.</param>
/// <param name="TraceId">Names the request in the server's log.</param>
internal sealed record Problem(string Type, string Title, int Status, string Detail, bool Success, string Error, string TraceId);
