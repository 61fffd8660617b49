namespace Rabbit.Faults.Load;

/// <summary>Bytes arrived that nobody sent there.</summary>
internal sealed class CorruptException(string message) : Exception(message);
