using ImageWorker.Commands;

return await CommandLine.RunAsync(args);
