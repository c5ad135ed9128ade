using ImageWorker.Hosting;
using ImageWorker.Requests;

namespace ImageWorker.Saga;

/// <summary>Reads <see cref="TenantOptions"/>, as strictly as other options, though most of its keys are names.</summary>
public static class TenantSettings
{
    public static IServiceCollection AddTenants(this IServiceCollection services)
    {
        services.AddSingleton(new CheckedSection(TenantOptions.Section, typeof(TenantOptions)));
        services
            .AddOptions<TenantOptions>()
            .Configure<IConfiguration>(
                (options, configuration) => Read(configuration.GetSection(TenantOptions.Section), options)
            )
            .ValidateOnStart();
        return services;
    }

    private static void Read(IConfigurationSection section, TenantOptions options)
    {
        foreach (var key in section.GetChildren())
        {
            if (key.Key.Equals(nameof(options.Shared), StringComparison.OrdinalIgnoreCase))
                options.Shared = CheckedOptions.Read<bool>(key);
            else if (key.Key.Equals(nameof(options.Default), StringComparison.OrdinalIgnoreCase))
                options.Default = CheckedOptions.Read<TenantLimits>(key);
            else if (CommandRules.IsTenantName(key.Key))
                options.Named[key.Key] = ReadNamed(key);
            else
                throw new ConfigurationException(
                    $"{CheckedOptions.Named(key.Path)} is no tenant's name: {CommandRules.TenantNames}"
                );
        }
    }

    /// <summary>Users that are left empty by mistake must not mean that everyone may name the tenant.</summary>
    private static NamedTenant ReadNamed(IConfigurationSection key)
    {
        var tenant = CheckedOptions.Read<NamedTenant>(key);
        var users = key.GetSection(nameof(tenant.Users));
        return users.Exists() && (tenant.Users.Count == 0 || tenant.Users.Any(string.IsNullOrWhiteSpace))
            ? throw new ConfigurationException($"{CheckedOptions.Named(users.Path)} must name users of the broker")
            : tenant;
    }
}
