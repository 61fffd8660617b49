namespace Rabbit.Tunneling.State;

/// <summary>Publishes live session data; returns at once and never fails, whatever Redis does.</summary>
public interface ILiveSessionStore
{
    /// <summary>Writes or refreshes a session's data.</summary>
    void Publish(LiveSession session);

    /// <summary>Removes the data of a token's session, unless a later epoch has replaced it.</summary>
    void Remove(string tokenId, long epoch);
}
