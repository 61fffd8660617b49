namespace Rabbit.Host.Api.Status;

/// <summary>How the server is.</summary>
/// <param name="Success">True when all is well.</param>
/// <param name="Status">In a word: live, starting, healthy or degraded.</param>
/// <param name="Message">In a sentence.</param>
/// <param name="Timestamp">When.</param>
/// <param name="Reasons">What is not well.</param>
internal sealed record Health(bool Success, string Status, string Message, DateTimeOffset Timestamp, IReadOnlyList<string> Reasons);
