namespace Rabbit.Protocol.Proxy;

/// <summary>The two forms of the PROXY protocol's header.</summary>
public enum ProxyVersion
{
    /// <summary>Version 1: a line of text.</summary>
    Text = 1,

    /// <summary>Version 2: binary.</summary>
    Binary = 2,
}
