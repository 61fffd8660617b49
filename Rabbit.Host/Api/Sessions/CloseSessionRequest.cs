namespace Rabbit.Host.Api.Sessions;

/// <summary>Why a session is to be closed.</summary>
/// <param name="Reason">Up to 200 characters, which the client is told.</param>
internal sealed record CloseSessionRequest(string? Reason);
