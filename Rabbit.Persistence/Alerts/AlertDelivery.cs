namespace Rabbit.Persistence.Alerts;

/// <summary>An alert on its way to one receiver.</summary>
/// <param name="Id">Of the delivery.</param>
/// <param name="AlertId">Of the alert: the same to all receivers and at every attempt.</param>
/// <param name="Target">Names the receiver.</param>
/// <param name="Body">What it is sent, to the byte.</param>
/// <param name="MadeAt">When the alert was made.</param>
/// <param name="NextAt">When it is to be sent next.</param>
/// <param name="Attempts">How often that was begun.</param>
public sealed record AlertDelivery(Guid Id, string AlertId, string Target, string Body, DateTimeOffset MadeAt, DateTimeOffset NextAt, int Attempts);
