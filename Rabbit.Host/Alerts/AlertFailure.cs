namespace Rabbit.Host.Alerts;

/// <summary>Why an alert did not arrive.</summary>
/// <param name="Reason">For the log.</param>
/// <param name="IsOfThisAlone">True when the receiver works and does not want this one, so that others may still be sent to it.</param>
internal sealed record AlertFailure(string Reason, bool IsOfThisAlone);
