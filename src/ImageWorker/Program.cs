using ImageWorker.Commands;

return await CommandLine.Run(args);
