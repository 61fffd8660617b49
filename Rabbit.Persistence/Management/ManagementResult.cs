namespace Rabbit.Persistence.Management;

/// <summary>Why a management operation was not done.</summary>
public enum ManagementError
{
    /// <summary>It was done.</summary>
    None,

    /// <summary>A value is not valid.</summary>
    Invalid,

    /// <summary>What it refers to does not exist.</summary>
    NotFound,

    /// <summary>Something of that name or number exists already.</summary>
    Conflict,

    /// <summary>No port of the range is free.</summary>
    PortsExhausted,
}

/// <summary>What an operation made, or why it did not.</summary>
/// <param name="Value">The result, when <paramref name="Error"/> is none.</param>
/// <param name="Error">The reason, for programs.</param>
/// <param name="Sentence">The reason and what to do, for people.</param>
public readonly record struct ManagementResult<T>(T? Value, ManagementError Error, string Sentence)
    where T : class
{
    internal static ManagementResult<T> Ok(T value) => new(value, ManagementError.None, "");

    internal static ManagementResult<T> Fail(ManagementError error, string sentence) => new(null, error, sentence);
}
