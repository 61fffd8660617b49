using Rabbit.Faults;

return await FaultsCommand.RunAsync(args);
