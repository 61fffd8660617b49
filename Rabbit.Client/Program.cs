using Rabbit.Client.Commands;
using Rabbit.Protocol;

RuntimeTuning.Apply();
return await ClientCommand.RunAsync(args);
