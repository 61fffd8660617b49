namespace Rabbit.Client.Output;

/// <summary>How what happens is written.</summary>
internal enum LogFormat
{
    /// <summary>A line for people.</summary>
    Text,

    /// <summary>A JSON object on a line of its own.</summary>
    Json,
}
