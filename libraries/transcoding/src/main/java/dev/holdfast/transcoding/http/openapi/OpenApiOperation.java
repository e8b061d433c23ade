package dev.holdfast.transcoding.http.openapi;

import dev.holdfast.transcoding.http.HttpBinding;
import dev.holdfast.transcoding.http.HttpTranscoder;

/**
 * An operation of the document.
 *
 * @param id unique within the document: the method's name, with a number from its second binding on
 * @param served the transcoder that serves the operation
 * @param httpMethod under which the operation is described
 * @param path of its template
 */
record OpenApiOperation(
    String id, HttpTranscoder served, HttpBinding binding, String httpMethod, OpenApiPath path) {}
