using Rabbit.Host.Api.Access;
using Rabbit.Host.Api.Events;
using Rabbit.Persistence.Management;

namespace Rabbit.Host.Operations;

/// <summary>What is done to the settings in the database, whoever asks for it.</summary>
internal sealed class SettingOperations(ServerSettings settings, ChangeEvents events)
{
    /// <summary>Changes them, for all servers on the database.</summary>
    public async Task<ManagementResult<SettingValues>> ChangeAsync(Caller caller, SettingChange change, CancellationToken cancellationToken)
    {
        ManagementResult<SettingValues> changed = await settings.UpdateAsync(change, caller.Actor, cancellationToken);
        if (changed.Value is not null)
            events.Tell("settings.changed", "");
        return changed;
    }
}
