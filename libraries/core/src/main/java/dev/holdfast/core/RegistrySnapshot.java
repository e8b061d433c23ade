package dev.holdfast.core;

/**
 * The complete state of a service in a registry at one moment.
 *
 * @param endpoints every readable record; records that are not ours are left out and counted
 * @param epoch which life of the store this was read in: it changes when the store lost its memory
 *     (was wiped or restored), so that what is missing then is not mistaken for what was removed
 */
public record RegistrySnapshot(EndpointSet endpoints, long epoch) {}
