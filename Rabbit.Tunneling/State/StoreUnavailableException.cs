namespace Rabbit.Tunneling.State;

/// <summary>The database does not answer or refuses to work now; the same call may succeed later.</summary>
public sealed class StoreUnavailableException(string message, Exception? inner = null) : Exception(message, inner);
