/** Drawings of 24 by 24, in the colour of the text. They say nothing that the text beside them does not say. */

const DRAWINGS = {
  account: "M12 12a4 4 0 1 0 0-8 4 4 0 0 0 0 8zM4.5 20c.8-3.6 3.8-5.5 7.5-5.5s6.7 1.9 7.5 5.5",
  accounts:
    "M9 11.5a3.5 3.5 0 1 0 0-7 3.5 3.5 0 0 0 0 7zM2.5 19.5c.6-3.2 3.2-5 6.5-5s5.9 1.8 6.5 5M16 5a3.5 3.5 0 0 1 0 6.5M18 14.900c1.9.7 3.1 2.3 3.5 4.6",
  alert:
    "M12 8.5v4.5M12 16.5v.01M10.3 4.2 2.9 17a2 2 0 0 0 1.7 3h14.800a2 2 0 0 0 1.7-3L13.7 4.200a2 2 0 0 0-3.4 0z",
  check: "m5 12.5 4.5 4.5L19 7.5",
  close: "m6 6 12 12M18 6 6 18",
  copy: "M9 9h10v11H9zM5 15V4h10",
  delete: "M4.5 7h15M9.5 7V4.5h5V7M6.5 7l.8 13h9.400l.8-13M10 11v5.5M14 11v5.5",
  down: "m6 9.5 6 6 6-6",
  download: "M12 4v11.5m0 0 5-5m-5 5-5-5M4.5 20h15",
  eye: "M2.5 12S6 5.5 12 5.5 21.5 12 21.5 12 18 18.5 12 18.5 2.5 12 2.5 12zM12 15a3 3 0 1 0 0-6 3 3 0 0 0 0 6z",
  file: "M6 3.5h8l4.5 4.5v12.5H6zM13.5 3.5v5h5",
  folder: "M3.5 18.5v-12a1 1 0 0 1 1-1h5l2 2.5h8a1 1 0 0 1 1 1v9.5a1 1 0 0 1-1 1h-15a1 1 0 0 1-1-1z",
  folderNew:
    "M3.5 18.5v-12a1 1 0 0 1 1-1h5l2 2.5h8a1 1 0 0 1 1 1v9.5a1 1 0 0 1-1 1h-15a1 1 0 0 1-1-1zM12 11v5M9.5 13.5h5",
  leave: "M14 4.5H5.5v15H14M10.5 12H20m0 0-3.5-3.5M20 12l-3.5 3.5",
  mail: "M3.5 5.5h17v13h-17zM3.5 7l8.5 6.5L20.5 7",
  move: "M3.5 18.5v-12a1 1 0 0 1 1-1h5l2 2.5h8a1 1 0 0 1 1 1v9.5a1 1 0 0 1-1 1h-15a1 1 0 0 1-1-1zM9 13.5h6m0 0-2-2m2 2-2 2",
  pause: "M8.5 5.5v13M15.5 5.5v13",
  play: "M7.5 5v14l11-7z",
  refresh: "M19.5 11.5A7.5 7.5 0 1 0 17.5 17m2-5.5-.01-5.5m.01 5.5h-5.5",
  rename: "M4.5 19.5h4l10.5-10.5-4-4L4.5 15.5zM13 7l4 4",
  right: "m9.5 6 6 6-6 6",
  search: "M10.5 17a6.5 6.5 0 1 0 0-13 6.5 6.5 0 0 0 0 13zM15.5 15.5 20 20",
  sortDown: "M12 5v14m0 0 5-5m-5 5-5-5",
  sortUp: "M12 19V5m0 0 5 5m-5-5-5 5",
  table: "M4 5h16v14H4zM4 10h16M10 10v9",
  text: "M6 3.5h8l4.5 4.5v12.5H6zM13.5 3.5v5h5M9 12.5h6M9 16h6",
  upload: "M12 16V4.5m0 0-5 5m5-5 5 5M4.5 20h15",
  zip: "M6 3.5h8l4.5 4.5v12.5H6zM13.5 3.5v5h5M10 4v2M10 8v2M10 12v2M9 16h2v2H9z",
} as const;

export type IconName = keyof typeof DRAWINGS;

export function Icon({ name }: { name: IconName }) {
  return (
    <svg class={`icon icon-${name}`} viewBox="0 0 24 24" aria-hidden="true" focusable="false">
      <path d={DRAWINGS[name]} />
    </svg>
  );
}
