namespace Rabbit.Tunneling.State;

/// <summary>How a session's client speaks.</summary>
public enum SessionProtocol
{
    Native,
    Legacy,
}
