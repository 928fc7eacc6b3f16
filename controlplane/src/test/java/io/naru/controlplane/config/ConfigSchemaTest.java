package io.naru.controlplane.config;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.naru.controlplane.json.Json;
import io.naru.controlplane.json.JsonObject;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.snakeyaml.engine.v2.api.Load;
import org.snakeyaml.engine.v2.api.LoadSettings;

/** The schema and the reader come from the same descriptors; here they must agree on files. */
class ConfigSchemaTest {
    private static final JsonObject SCHEMA = Json.parseObject(ConfigSchema.json().toString());

    private static final Set<String> KNOWN_WORDS =
            Set.of(
                    "$schema",
                    "title",
                    "description",
                    "default",
                    "type",
                    "properties",
                    "required",
                    "additionalProperties",
                    "items",
                    "minItems",
                    "maxItems",
                    "anyOf",
                    "enum",
                    "const",
                    "pattern",
                    "maxLength",
                    "minimum",
                    "maximum",
                    "format");

    @ParameterizedTest
    @ValueSource(strings = {"minimal", "routed-nat", "one-arm-dsr-l2", "limits-and-persistence"})
    void shouldAcceptTheExamples(final String name) throws IOException {
        final String text = Files.readString(Path.of("../config", name + ".yaml"));

        assertEquals(List.of(), violations(text));
    }

    @ParameterizedTest
    @ValueSource(strings = {"minimal", "routed-nat", "one-arm-dsr-l2", "limits-and-persistence"})
    void shouldAcceptWhatTheWriterWrites(final String name) throws IOException {
        final NaruConfig config =
                ConfigReader.read(Path.of("../config", name + ".yaml")).config().orElseThrow();

        assertEquals(List.of(), violations(ConfigWriter.json(config).toString()));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "unknown-keys",
                "wrong-types",
                "missing-keys",
                "out-of-range",
                "durations-without-units",
                "bad-choices",
                "bad-names",
                "bad-ports",
                "empty-pool"
            })
    void shouldRefuseFilesOfTheWrongShape(final String name) throws IOException {
        final Path file =
                Path.of("src/test/resources/io/naru/controlplane/config/broken", name + ".yaml");

        assertTrue(!violations(Files.readString(file)).isEmpty(), name);
    }

    @Test
    void shouldUseNoWordThatThisTestDoesNotUnderstand() {
        checkWords(SCHEMA);
    }

    private static void checkWords(final JsonObject schema) {
        assertTrue(
                KNOWN_WORDS.containsAll(schema.members().keySet()),
                schema.members().keySet()::toString);
        schema.objects("anyOf").forEach(ConfigSchemaTest::checkWords);
        if (schema.has("items")) {
            checkWords(schema.object("items"));
        }
        if (schema.has("properties")) {
            schema.object("properties")
                    .members()
                    .values()
                    .forEach(property -> checkWords((JsonObject) property));
        }
    }

    private static List<String> violations(final String yaml) {
        final Object value = new Load(LoadSettings.builder().build()).loadFromString(yaml);
        return violations(SCHEMA, value, "");
    }

    /** A validator of the words of JSON schema that the schema uses. */
    private static List<String> violations(
            final JsonObject schema, final Object value, final String path) {
        final List<String> found = new ArrayList<>();
        final List<JsonObject> anyOf = schema.objects("anyOf");
        if (!anyOf.isEmpty()
                && anyOf.stream().noneMatch(each -> violations(each, value, path).isEmpty())) {
            found.add(path + ": none of " + anyOf + ": " + value);
        }
        if (schema.has("enum") && !((List<?>) schema.get("enum")).contains(normal(value))) {
            found.add(path + ": not one of " + schema.get("enum") + ": " + value);
        }
        if (schema.has("const") && !schema.get("const").equals(value)) {
            found.add(path + ": not " + schema.get("const"));
        }
        final String type = schema.string("type", "any");
        switch (type) {
            case "string" -> {
                if (!(value instanceof String text)) {
                    found.add(path + ": no string: " + value);
                } else if ((schema.has("pattern") && !text.matches(schema.string("pattern")))
                        || text.length() > schema.number("maxLength", Long.MAX_VALUE)) {
                    found.add(path + ": does not match: " + value);
                }
            }
            case "integer" -> {
                if (!(normal(value) instanceof Long number)
                        || number < schema.number("minimum", Long.MIN_VALUE)
                        || number > schema.number("maximum", Long.MAX_VALUE)) {
                    found.add(path + ": out of range: " + value);
                }
            }
            case "boolean" -> {
                if (!(value instanceof Boolean)) {
                    found.add(path + ": no boolean: " + value);
                }
            }
            case "array" -> arrayViolations(schema, value, path, found);
            case "object" -> objectViolations(schema, value, path, found);
            default -> {}
        }
        return found;
    }

    private static void arrayViolations(
            final JsonObject schema,
            final Object value,
            final String path,
            final List<String> found) {
        if (!(value instanceof List<?> list)) {
            found.add(path + ": no list: " + value);
            return;
        }
        if (list.size() < schema.number("minItems", 0)
                || list.size() > schema.number("maxItems", Long.MAX_VALUE)) {
            found.add(path + ": " + list.size() + " elements");
        }
        list.forEach(each -> found.addAll(violations(schema.object("items"), each, path + "[]")));
    }

    private static void objectViolations(
            final JsonObject schema,
            final Object value,
            final String path,
            final List<String> found) {
        if (!(value instanceof Map<?, ?> map)) {
            found.add(path + ": no mapping: " + value);
            return;
        }
        for (final String name : schema.strings("required")) {
            if (!map.containsKey(name)) {
                found.add(path + ": without " + name);
            }
        }
        map.forEach(
                (name, member) -> {
                    final Object property = schema.object("properties").get(String.valueOf(name));
                    if (property == null) {
                        found.add(path + ": unknown " + name);
                    } else {
                        found.addAll(violations((JsonObject) property, member, path + "." + name));
                    }
                });
    }

    private static Object normal(final Object value) {
        return value instanceof Integer number ? Long.valueOf(number) : value;
    }
}
