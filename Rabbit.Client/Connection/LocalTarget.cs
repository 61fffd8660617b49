using System.Globalization;

namespace Rabbit.Client.Connection;

/// <summary>Where the local service listens.</summary>
internal abstract record LocalTarget
{
    private LocalTarget()
    {
    }

    /// <summary>The port, as the server shows it; 0 where there is none.</summary>
    public abstract int DisplayPort { get; }

    /// <summary>A host and a port.</summary>
    /// <param name="Host">Name or address; an IPv6 address without brackets.</param>
    /// <param name="Port">TCP port.</param>
    internal sealed record Tcp(string Host, int Port) : LocalTarget
    {
        /// <inheritdoc/>
        public override int DisplayPort => Port;

        public override string ToString() => string.Create(
            CultureInfo.InvariantCulture, $"{(Host.Contains(':', StringComparison.Ordinal) ? $"[{Host}]" : Host)}:{Port}");
    }

    /// <summary>A unix socket.</summary>
    /// <param name="Path">Its path; one that begins with <c>@</c> is a name in Linux' abstract namespace (unix(7)).</param>
    internal sealed record Unix(string Path) : LocalTarget
    {
        /// <inheritdoc/>
        public override int DisplayPort => 0;

        public override string ToString() => Path;
    }
}
