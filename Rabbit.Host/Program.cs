using Rabbit.Host.Commands;
using Rabbit.Protocol;

RuntimeTuning.Apply();
return await RabbitCommand.RunAsync(args);
