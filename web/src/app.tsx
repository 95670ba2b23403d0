import { parsePage } from './navigation/parse-page.ts';
import { useLocation } from './navigation/use-location.ts';

export function App() {
  const page = parsePage(useLocation().pathname);
  return <main>{page.name}</main>;
}
