using Rabbit.Client.Commands;

namespace Rabbit.Client.Tunnels;

/// <summary>A tunnel that is wanted.</summary>
/// <param name="Name">Its name in the file, or null for the one of <c>connect</c>.</param>
/// <param name="Options">What it needs; equal ones are the same tunnel.</param>
internal sealed record TunnelDefinition(string? Name, ConnectOptions Options);
