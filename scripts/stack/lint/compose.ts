/**
 * Rules for Compose files.
 *
 * @module
 */
import { type Compose, composeFiles, mountsOf, type Service, type StackFiles, type Trouble } from "./files.ts";
import { imageTrouble } from "./images.ts";

/** Everything that is wrong with the Compose files. */
export function lintCompose(files: StackFiles): Trouble[] {
  return [...composeFiles(files)].flatMap(([path, compose]) =>
    [
      ...Object.keys(compose.services).length === 0 ? ["has no services"] : [],
      ...compose.version === undefined ? [] : ["has a version, which Compose has not read for years"],
      ...portTroubles(compose),
      ...volumeTroubles(compose, files),
      ...Object.entries(compose.services).flatMap(([name, service]) =>
        serviceTroubles(name, service, compose).map((message) => `${name} ${message}`)
      ),
    ].map((message) => ({ path, message }))
  );
}

function serviceTroubles(name: string, service: Service, compose: Compose): string[] {
  const { image, depends_on, network_mode, command } = service;
  const troubles: (string | undefined)[] = [imageTrouble(image)];
  if (!hasHealth(name, service, compose)) {
    troubles.push("has no health check, and no other service asks for its health");
  }
  if (network_mode === "host") {
    troubles.push("has the machine's own network: all of its ports are open, and nobody finds it by its name");
  }
  for (const other of depends_on) {
    if (!(other in compose.services)) troubles.push(`depends on ${other}, which is no service`);
  }
  if (/prometheus:/.test(image ?? "")) {
    if (!command.some((part) => part.startsWith("--storage.tsdb.retention"))) troubles.push("sets no retention");
    const data = command.find((part) => part.startsWith("--storage.tsdb.path="))?.split("=")[1] ?? "/prometheus";
    const kept = service.volumes.some((volume) => {
      const [source = "", target = ""] = volume.split(":");
      return source in compose.volumes && (data === target || data.startsWith(`${target}/`));
    });
    if (!kept) troubles.push(`keeps ${data} in no volume: its numbers are gone with the container`);
  }
  return troubles.filter((trouble) => trouble !== undefined);
}

/** A service has a check, or ends by itself, or another one's check asks for it. */
function hasHealth(name: string, { healthcheck, restart }: Service, { services }: Compose): boolean {
  if (healthcheck?.test !== undefined || restart === "no") return true;
  return Object.values(services).some(({ healthcheck: other }) =>
    other?.test?.some((part) => part.includes(`://${name}:`))
  );
}

function portTroubles({ services }: Compose): string[] {
  const taken = new Map<string, string>();
  return Object.entries(services).flatMap(([name, { ports }]) =>
    ports.flatMap(({ text, hostIp, published }) => {
      const troubles: string[] = [];
      if (hostIp !== "127.0.0.1") {
        troubles.push(`${name} opens port ${text} to more than this machine: write 127.0.0.1 before it`);
      }
      const other = published === undefined ? undefined : taken.get(published);
      if (other !== undefined) troubles.push(`${name} and ${other} both want port ${published}`);
      if (published !== undefined) taken.set(published, name);
      return troubles;
    })
  );
}

function volumeTroubles({ services, volumes }: Compose, files: StackFiles): string[] {
  const used = new Set<string>();
  const troubles = Object.entries(services).flatMap(([name, service]) => {
    for (const volume of service.volumes) used.add(volume.split(":")[0] ?? "");
    const missing = mountsOf(service).filter(({ source }) =>
      ![...files.keys()].some((file) => file === source || file.startsWith(`${source}/`))
    );
    return missing.map(({ source }) => `${name} mounts ${source}, which does not exist`);
  });
  const named = [...used].filter((volume) => !volume.startsWith("."));
  return [
    ...troubles,
    ...named.filter((volume) => !(volume in volumes)).map((volume) => `the volume ${volume} is not declared`),
    ...Object.keys(volumes).filter((volume) => !used.has(volume)).map((volume) => `nobody uses the volume ${volume}`),
  ];
}
