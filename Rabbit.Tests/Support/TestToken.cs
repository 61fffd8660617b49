namespace Rabbit.Tests.Support;

/// <summary>A token as its owner knows it.</summary>
/// <param name="Id">Public id.</param>
/// <param name="TeamId">Its team.</param>
/// <param name="Text">The secret text.</param>
/// <param name="Port">Its tunnel port.</param>
internal sealed record TestToken(string Id, string TeamId, string Text, int Port);
