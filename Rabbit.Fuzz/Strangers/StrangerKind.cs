namespace Rabbit.Fuzz.Strangers;

/// <summary>What somebody who cannot log in may do to a control port.</summary>
internal enum StrangerKind
{
    /// <summary>Any bytes.</summary>
    Random,

    /// <summary>What clients send, changed here and there.</summary>
    Mutated,

    /// <summary>A length, or a line, far beyond what is allowed; it waits to be turned away.</summary>
    Oversized,

    /// <summary>The beginning of a login, and then the end.</summary>
    Truncated,

    /// <summary>A login with a token that does not exist.</summary>
    WrongToken,

    /// <summary>The beginning of a login, and then a reset.</summary>
    Reset,

    /// <summary>A byte now and then, for as long as it is let.</summary>
    Slow,
}
