package dev.holdfast.registry.file;

import dev.holdfast.core.RegistrySnapshot;
import java.util.Map;

/**
 * The result of one scan of a service's directory.
 *
 * @param snapshot the endpoints of all live records and static lists
 * @param records the live records by file name
 */
record ScanResult(RegistrySnapshot snapshot, Map<String, FileRecord> records) {}
