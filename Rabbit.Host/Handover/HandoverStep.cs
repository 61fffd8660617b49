using System.Text.Json.Serialization;

namespace Rabbit.Host.Handover;

/// <summary>What a message says, in the order in which the two servers send them.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<HandoverStep>))]
internal enum HandoverStep
{
    /// <summary>The successor asks for the ports.</summary>
    Ask,

    /// <summary>The server cannot give them now; the sentence says why. It ends here.</summary>
    Refuse,

    /// <summary>The server passes some of its sockets, or the data directory's lock.</summary>
    Pass,

    /// <summary>That was all, and the server writes no more to the database: the successor may bring it up.</summary>
    LetGo,

    /// <summary>The successor needs nothing more to serve.</summary>
    Ready,

    /// <summary>The server accepts nobody any more. From here on the successor serves.</summary>
    Yours,

    /// <summary>The successor serves, and systemd knows: the server may end.</summary>
    Serving,
}
