/** A text for a camera. What draws it is loaded when it is needed. */
import { useEffect, useState } from "preact/hooks";

interface Drawing {
  size: number;
  path: string;
}

export function QrCode({ text, label }: { text: string; label: string }) {
  const [drawing, setDrawing] = useState<Drawing | null>(null);
  useEffect(() => {
    // Without it there is still the secret to type.
    draw(text).then(setDrawing, () => {});
  }, [text]);
  return (
    <svg
      class="qr-code"
      viewBox={`0 0 ${drawing?.size ?? 1} ${drawing?.size ?? 1}`}
      role="img"
      aria-label={label}
    >
      {drawing && <path d={drawing.path} />}
    </svg>
  );
}

async function draw(text: string): Promise<Drawing> {
  const { encode } = await import("uqr");
  const { data, size } = encode(text, { border: 2 });
  const path = data.flatMap((row, y) => row.flatMap((isDark, x) => (isDark ? `M${x} ${y}h1v1h-1z` : [])));
  return { size, path: path.join("") };
}
