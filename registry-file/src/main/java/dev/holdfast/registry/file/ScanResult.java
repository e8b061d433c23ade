package dev.holdfast.registry.file;

import dev.holdfast.core.RegistrySnapshot;
import java.util.Map;

/**
 * What a look at the directory of a service found.
 *
 * @param snapshot the endpoints of all living records and lists
 * @param records the living records by the name of their file
 */
record ScanResult(RegistrySnapshot snapshot, Map<String, FileRecord> records) {}
