namespace Rabbit.Host.Dashboard.Access;

/// <summary>Somebody may not do what he asked for; the message says why.</summary>
internal sealed class NotAllowedException(string sentence) : Exception(sentence);
