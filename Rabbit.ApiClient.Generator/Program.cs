using Rabbit.ApiClient.Generator;

if (args is not [var description, var result])
{
    Console.Error.WriteLine("Usage: Rabbit.ApiClient.Generator OPENAPI.json RESULT.cs");
    return 2;
}
string code = await ClientGenerator.GenerateAsync(await File.ReadAllTextAsync(description));
await File.WriteAllTextAsync(result, code);
return 0;
