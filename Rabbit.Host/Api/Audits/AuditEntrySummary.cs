using Rabbit.Persistence.Management;

namespace Rabbit.Host.Api.Audits;

/// <summary>A change.</summary>
/// <param name="Id">Its id.</param>
/// <param name="At">When.</param>
/// <param name="Actor">Who: a key's name and id, or the program that acts by itself.</param>
/// <param name="Action">What, such as token.create.</param>
/// <param name="Subject">To what: an id.</param>
/// <param name="Details">What was changed.</param>
/// <param name="Address">From where, or empty.</param>
internal sealed record AuditEntrySummary(Guid Id, DateTimeOffset At, string Actor, string Action, string Subject, string Details, string Address)
{
    public static AuditEntrySummary Of(AuditEntry entry) =>
        new(entry.Id, entry.At, entry.Actor, entry.Action, entry.Subject, entry.Details, entry.Address);
}
