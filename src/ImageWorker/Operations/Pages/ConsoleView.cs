namespace ImageWorker.Operations.Pages;

/// <summary>What the frame of every page needs.</summary>
/// <param name="Status">How the worker stands.</param>
/// <param name="MayAct">Whether who looks may change something; nothing to do so is shown to others.</param>
/// <param name="Here">The address of the page's place in the navigation, from the root; empty for the overview.</param>
/// <param name="Root">The way from the page to the root of all pages, such as <c>../</c>.</param>
public sealed record ConsoleView(WorkerStatus Status, bool MayAct, string Here = "", string Root = "./");
