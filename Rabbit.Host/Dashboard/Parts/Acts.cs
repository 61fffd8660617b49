using MudBlazor;
using Rabbit.Host.Dashboard.Access;
using Rabbit.Tunneling.State;

namespace Rabbit.Host.Dashboard.Parts;

/// <summary>Does what somebody has asked for, and says what has become of it.</summary>
internal sealed class Acts(ISnackbar snackbar, IDialogService dialogs)
{
    /// <summary>Asks first; true when it is to be done.</summary>
    public async Task<bool> AskAsync(string title, string sentence, string act) =>
        await dialogs.ShowMessageBoxAsync(title, sentence, yesText: act, cancelText: "Cancel") == true;

    /// <summary>Does it. The sentence of a refusal or of a failure is shown, as is what was done.</summary>
    /// <param name="act">Returns why it was not done, or null.</param>
    /// <param name="done">What to say when it was, or empty for nothing.</param>
    public async Task<bool> DoAsync(Func<Task<string?>> act, string done)
    {
        string? problem;
        try
        {
            problem = await act();
        }
        catch (NotAllowedException e)
        {
            problem = e.Message;
        }
        catch (StoreUnavailableException)
        {
            problem = "The server's database does not answer now; nothing was changed. Try again in a moment.";
        }
        if (problem is not null)
            snackbar.Add(problem, Severity.Error);
        else if (done.Length > 0)
            snackbar.Add(done, Severity.Success);
        return problem is null;
    }
}
